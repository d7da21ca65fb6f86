"""What the public price API tells: prices and electricity now, and a hosted model's prices over time. Reads and shapes, no HTTP.

``present`` is this interval, from the catalog the gateway holds and two queries; ``history`` is a span in steps, averaged by the
database. Neither asks a market: what is stored is what there is.
"""
