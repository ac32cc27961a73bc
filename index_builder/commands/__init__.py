"""The commands of this program: what is typed, what is printed. The work is in the modules they import."""
