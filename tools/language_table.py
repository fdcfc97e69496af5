"""Writes src/text/languages-1.bin: the weights of the crate whichlang, rounded to a byte each.

    python3 tools/language_table.py ~/.cargo/registry/src/*/whichlang-0.1.1/src/weights.rs src/text/languages-1.bin

Prints the step of a byte and the weights beforehand, which src/text/language.rs has as numbers.
"""

import re
import sys


def numbers(text: str, name: str) -> list[float]:
    body = text.split(f"{name}: [f32;", 1)[1].split("= [", 1)[1].split("]", 1)[0]
    return [float(number) for number in re.findall(r"-?\d[\d.e-]*", body)]


source, table = sys.argv[1:]
text = open(source, encoding="utf-8").read()
weights = numbers(text, "WEIGHTS")
step = max(map(abs, weights)) / 127
with open(table, "wb") as out:
    out.write(bytes(round(weight / step) & 255 for weight in weights))
print(f"{len(weights)} weights, a step is {step:.8g}; beforehand {numbers(text, 'INTERCEPTS')}")
