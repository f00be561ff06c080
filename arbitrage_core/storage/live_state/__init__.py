"""Live state: what a running session shows of itself, and how an operator speaks to it, in Redis or Valkey.

A projection for speed and for the screen, never an authority: all in it can be made anew from memory, the journal and
Postgres, and whoever reads it is told whether it is sound. One server, not a cluster: the scripts touch several keys.
"""
