"""A provider made of one coroutine a connection, on a thread of its own."""
import asyncio
import threading


class Provider:
    """Listens on a port of the kernel's choice while it is entered; `serve` is a subclass's.

    A connection's coroutine may end by the gateway's leaving, or by `close`: both are its normal end.
    """

    def __init__(self, host="127.0.0.1"):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server = self._wait(asyncio.start_server(self._serve, host, 0, limit=1 << 22))
        self.port = self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """What was recorded does not change any more. A second time it does nothing."""
        if self.loop.is_closed():
            return
        self._wait(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def _serve(self, reader, writer):
        try:
            await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _end(self):
        self.server.close()
        serving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
