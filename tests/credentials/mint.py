"""Does what a list of jobs on standard input asks for with the vendor's library, and prints the list of results.

{"op": "usersig", "user", "expire", "userbuf"?}  a UserSig; the userbuf is in base64
{"op": "read", "sig"}                            the document inside a UserSig

Every job also has "app", "key" (the secret) and "now": the library's clock stands at that second.
"""

import base64
import json
import sys
import time
import zlib

import TLSSigAPIv2


def run(job):
    time.time = lambda: float(job["now"])
    if job["op"] == "read":
        return zlib.decompress(TLSSigAPIv2.base64_decode_url(job["sig"].encode())).decode()
    if job["op"] != "usersig":
        raise ValueError(f"no such job: {job['op']}")
    api = TLSSigAPIv2.TLSSigAPIv2(job["app"], job["key"])
    if "userbuf" in job:
        return api.gen_sig_with_userbuf(job["user"], job["expire"], base64.b64decode(job["userbuf"]))
    return api.gen_sig(job["user"], job["expire"])


json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
