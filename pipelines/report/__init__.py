"""The page that shows what the tables hold: one HTML file that needs no network."""
