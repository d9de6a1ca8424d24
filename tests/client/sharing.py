"""A process that asks for one table, for tests in which several do so at once."""

import sys

from mriqc_webapi import Archive

if __name__ == '__main__':
    root, cache = sys.argv[1:]
    with Archive(root, cache=cache, progress=False) as archive:
        print(len(archive.iqms('T1w')))
