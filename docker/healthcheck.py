"""Exit 0 if the service in this container is ready, else 1. Standard library only."""

import os
import sys
import urllib.error
import urllib.request


def main() -> int:
    """Ask /healthz on the loopback address."""
    port = os.environ.get("TWINSHOT_PORT", "8000")
    # a proxy set for the container must not be asked about itself
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return 0 if answer.status == 200 else 1
    except (OSError, urllib.error.URLError) as error:
        print(f"not ready: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
