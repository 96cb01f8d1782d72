"""`python -m portal`: serve the portal until SIGTERM or SIGINT."""

import sys

from footfall.runtime import lifeline

_END_SECONDS = 8.0


def main() -> None:
    """Serve; exit 2 where a setting is wrong or the port is taken."""
    lifeline.hold(_END_SECONDS)  # before what takes long to load: who started this may be killed meanwhile
    from msgspec.structs import replace

    from portal import app, hosting
    from portal.settings import SettingsError, load

    try:
        settings = load(sys.argv[1:])
        listener = hosting.listen(settings.host, settings.port, settings.fd)
    except (SettingsError, OSError) as error:
        sys.stderr.write(f"portal: {error}\n")
        raise SystemExit(2) from None
    settings = replace(settings, url=(settings.url or hosting.address(listener)).rstrip("/"))
    sys.stdout.write(f"portal is at {settings.url}\n")
    sys.stdout.flush()
    hosting.serve(app.create(settings), listener)


if __name__ == "__main__":
    main()
