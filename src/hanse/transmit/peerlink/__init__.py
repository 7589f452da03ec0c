"""Between firms: signed letters over HTTPS, at least once with one effect, in order for each pair.

In: what the record's outbox holds for each firm (`relay.LetterRelay`), and raw bytes that came
through the web's door (`door.Door`). Out: letters in the record's inbox with their effect, signed
receipts on both sides.

A letter is a CloudEvents 1.0 event in JSON inside a compact JWS (alg Ed25519, RFC 9864); its exact
bytes are kept and hashed. `envelope` seals and opens it, `receipt` is the signed answer, `client`
posts over a kept-alive connection to a server whose key was pinned, `certificate` makes and pins.

Limits: LETTER_BYTES_MAX and DEPTH_MAX a letter, TRIES_MAX for one that cannot be read or whose
effect keeps failing (others go on), DELAY_MAX_S between tries.
"""
