"""URLs of local files that expire, as a store's presigned ones do."""

import base64
import hashlib
import hmac
import pathlib
import time
import urllib.parse


class FileSigner:
    def __init__(self, base_url, secret, seconds):
        self.base_url, self.secret, self.seconds = base_url, secret, seconds

    def sign(self, path):
        """The URL, and when it expires in milliseconds."""
        expires = int(time.time() * 1000) + round(self.seconds * 1000)
        name = base64.urlsafe_b64encode(str(path).encode()).decode().rstrip("=")
        query = urllib.parse.urlencode({"X-Amz-Expires": expires, "X-Amz-Signature": self.signature(name, expires)})
        return f"{self.base_url}/files/{name}?{query}", expires

    def signature(self, name, expires):
        return hmac.new(self.secret, f"{name}:{expires}".encode(), hashlib.sha256).hexdigest()

    def opened(self, name, query):
        """The path that a URL of ours names; None when it was changed or is too old."""
        expires, signature = query.get("X-Amz-Expires", ""), query.get("X-Amz-Signature", "")
        if not hmac.compare_digest(signature.encode(), self.signature(name, expires).encode()):
            return None
        if int(expires) < time.time() * 1000:
            return None
        return pathlib.Path(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode())


def byte_range(header, size):
    """First and last byte of one `Range`; None where the whole file is asked for."""
    unit, _, text = (header or "").partition("=")
    first, _, last = text.partition("-")
    if unit != "bytes" or "," in text or not (first or last):
        return None
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)
