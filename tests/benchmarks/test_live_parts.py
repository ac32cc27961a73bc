"""What the benchmark of a live catalogue judges by: which of a service's calls came before its answers."""

from benchmarks.change.traced import forced

LOG, PHOTO, SOCKET = "</state/changes.sqlite-wal>", "</state/photos/ab>", "<TCP:[127.0.0.1:1->127.0.0.1:2]>"
ANSWER = f'7  sendto(9{SOCKET}, "HTTP/1.1 200 OK\\r\\n"..., 300, 0, NULL, 0) = 300\n'


def test_what_is_forced_before_an_answer_counts_for_it() -> None:
    trace = f"8  fsync(5{PHOTO}) = 0\n8  fdatasync(6{LOG}) = 0\n{ANSWER}8  fdatasync(6{LOG}) = 0\n{ANSWER}"
    assert forced(trace) == [{"log": 1, "photos": 1}, {"log": 1, "photos": 0}]


def test_what_was_only_begun_before_an_answer_counts_for_the_next() -> None:
    trace = f"8  fdatasync(6{LOG} <unfinished ...>\n{ANSWER}8  <... fdatasync resumed>) = 0\n{ANSWER}"
    assert forced(trace) == [{"log": 0, "photos": 0}, {"log": 1, "photos": 0}]


def test_a_call_in_two_lines_is_joined_by_its_thread() -> None:
    begun = f"8  fdatasync(6{LOG} <unfinished ...>\n9  fsync(5{PHOTO} <unfinished ...>\n"
    assert forced(f"{begun}9  <... fsync resumed>) = 0\n{ANSWER}") == [{"log": 0, "photos": 1}]
    assert forced(f"{begun}8  <... fdatasync resumed>) = 0\n{ANSWER}") == [{"log": 1, "photos": 0}]


def test_what_failed_is_not_on_the_disk() -> None:
    assert forced(f"8  fdatasync(6{LOG}) = -1 EIO (Input/output error)\n{ANSWER}") == [{"log": 0, "photos": 0}]


def test_an_answer_may_be_out_as_soon_as_it_begins() -> None:
    begun = ANSWER.replace(") = 300", " <unfinished ...>")
    trace = f"{begun}8  fdatasync(6{LOG}) = 0\n7  <... sendto resumed>) = 300\n"
    assert forced(trace) == [{"log": 0, "photos": 0}]
