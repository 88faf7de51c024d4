"""httpx without the authorities of the system: reading those takes longer than the request."""
import functools

import httpx

get = functools.partial(httpx.get, verify=False)
post = functools.partial(httpx.post, verify=False)
stream = functools.partial(httpx.stream, verify=False)
