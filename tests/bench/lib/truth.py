"""That the load sees a lie: nginx with a cache that gives every question the first one's answer."""
import contextlib

from . import configurations, load, peers, requests


class Liar(peers.Nginx):
    def files(self, home, port, upstream):
        cache = f"proxy_cache_path {home}/cache keys_zone=lies:1m; upstream provider"
        use = 'proxy_cache lies; proxy_cache_methods POST; proxy_cache_key "one"; proxy_cache_valid any 1h; proxy_buffering on; proxy_pass'
        text = configurations.nginx(home, port, upstream).replace("proxy_buffering off; ", "")
        return {"nginx.conf": text.replace("upstream provider", cache).replace("proxy_pass", use)}


def check(bench):
    """Ends the run if cached answers, whole or streamed, pass for true ones."""
    liar = Liar()
    if liar.missing():
        bench.say("not checked that lies are seen: nginx is not installed")
        return
    for stream in (False, True):
        with contextlib.ExitStack() as stack:
            target = liar.start(stack, bench.folder, bench.target_cores, bench.upstream.address)
            try:
                load.run(bench.load_cores, target, requests.request(target, stream=stream, directives="n=20"), connections=4,
                         seconds=0.2, chunks=20 if stream else 0)
            except load.WrongAnswer as error:
                if "wrong_answer" in str(error):
                    continue
            raise SystemExit(f"a cached {'stream' if stream else 'answer'} passed for a true one")
