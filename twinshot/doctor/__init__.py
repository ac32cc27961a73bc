"""`twinshot doctor`: what is here, whether it is fit, and what to do where it is not. One check, one function.

A check looks and never changes anything. What is missing is a finding, and keeps no other check from looking.
"""
