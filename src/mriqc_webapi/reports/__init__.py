"""The rating widget put into HTML reports, and rating sessions over folders of them."""
