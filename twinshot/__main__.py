"""`twinshot` and `python -m twinshot`."""

from twinshot.cli import main

if __name__ == "__main__":
    main()
