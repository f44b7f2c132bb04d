"""The contract of `protos/` as Python values: what travels, to bytes and back.

The only home of protobuf. Nothing here opens a connection.
"""
