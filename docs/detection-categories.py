"""Passes the profiles' lines on and sums the files' lines of the standard profile by category."""
import sys

profile, sums = "", {}
for line in sys.stdin:
    words = line.split()
    if not line.startswith(" "):
        profile = words[0]
        print(line, end="")
    elif profile == "standard":
        category = words[0].split("/")[0]
        hits, errors = sums.get(category, (0, 0))
        sums[category] = (hits + int(words[words.index("tp") + 1]), errors + int(words[words.index("fp") + 1]))
for category, (hits, errors) in sums.items():
    print(f"  {category}: {hits} rows in windows, {errors} outside, at the standard threshold")
