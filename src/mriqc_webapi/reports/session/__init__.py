"""Rating sessions: a rater reviews a folder of reports in the browser, on their own machine."""
