"""From scan to record: IQMs of T1w, T2w and BOLD images, and the individual report.

The image becomes maps (`anatomical`, `functional`), the maps become IQMs (`formulas`), and both
become a record and a report (`run`, `report`). Heavy imports stay inside these modules: importing
this package costs nothing.
"""
