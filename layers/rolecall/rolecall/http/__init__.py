"""HTTP: parsing a request, models of bodies, guards, responses, the two forms of errors, and the route that joins them.

No module here knows an operation. Each function of the API calls one in another room.
"""
