"""An HTTP request and its answer: parsing, guards, the two error dialects, and the route that joins them.

Nothing here knows a single operation; each function of the API calls one in another room.
"""
