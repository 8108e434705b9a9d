"""Bodies that are arrays of points of two coordinates, for Schemathesis: no schema can describe them."""

import io

import numpy as np
import schemathesis
from hypothesis import strategies as st


def encoded(rows):
    body = io.BytesIO()
    np.save(body, np.array(rows, dtype=np.float32))
    return body.getvalue()


number = st.floats(width=32, allow_nan=False, allow_infinity=False)
bodies = st.lists(st.tuples(number, number), min_size=1, max_size=20).map(encoded)
for media_type in ("application/x-npy", "application/octet-stream"):
    schemathesis.openapi.media_type(media_type, bodies)
