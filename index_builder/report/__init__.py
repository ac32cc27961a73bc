"""What a run says of itself: report.json for programs, and report.html, one file that people open from the disk.

A section is a function from what the run found to plain data. All of it goes into report.json, and the page is made
of nothing else, but for the pictures. No section searches: the queries were asked when the generation was measured.
"""
