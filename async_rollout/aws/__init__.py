"""The world outside: one cloud is one account and region, on aioboto3.

Only here (and in the sandbox's doors) is aiobotocore imported. `session.connect` opens a cloud; everything between
AWS's words and the core's is pure (`translate`, `launching`, `traffic`), everything between the loop and the wire is
`throttle` (one retrier) and `sweep` (one call for all who wait).
"""
