"""Vectors of the JOSE RFCs for the primitives that sealed logs use. From RFC 7518, appendix C; RFC 7520, 5.2 to 5.4; RFC 3394, 4.6."""

from typing import Any

# RFC 7518, appendix C: Alice's ephemeral key, Bob's key, and the key they agree on for A128GCM
ALICE = {
    "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
}
BOB = {
    "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
}
AGREED: dict[str, Any] = {"algorithm": "A128GCM", "size": 16, "apu": b"Alice", "apv": b"Bob", "key": "VqqN6vgjbSBcIijNcacQGg"}

# RFC 7520, 5.4: ECDH-ES+A128KW and A128GCM, on P-384
MERRY = {
    "curve": "P-384",
    "d": "iTx2pk7wW-GqJkHcEkFQb2EFyYcO7RugmaW3mRrQVAOUiPommT0IdnYK2xDlZh-j",
    "epk_x": "uBo4kHPw6kbjx5l0xowrd_oYzBmaz-GKFZu4xAFFkbYiWgutEK6iuEDsQ6wNdNg3",
    "epk_y": "sp3p5SGhZVC2faXumI-e9JU2Mo8KpoYrFDr5yPNVtW4PgEwZOyQTA-JdaY8tb7E0",
    "algorithm": "ECDH-ES+A128KW",
    "encrypted_key": "0DJjBXri_kBcC46IkU5_Jk9BqaQeHdv2",
    "content_key": "Nou2ueKlP70ZXDbq9UrRwg",
}

# RFC 7520, 5.3: PBES2-HS512+A256KW, as key files are wrapped
PASSPHRASE = {
    "passphrase": "entrap_o–peter_long–credit_tun",
    "salt": "8Q1SzinasR3xchYz6ZZcHA",
    "rounds": 8192,
    "encrypted_key": "d3qNhUWfqheyPp4H8sjOWsDYajoej4c5Je6rlUtFPWdgtURtmeDV1g",
    "content_key": "uwsjJXaBK407Qaf0_zpcpmr1Cs0CC50hIUEyGNEt3m0",
}

# RFC 7520, 5.2: content under A256GCM
CONTENT = {
    "key": "mYMfsggkTAm0TbvtlFh2hyoXnbEzJQjMxmgLN3d8xXA",
    "iv": "-nBoKLH0YkLZPSI9",
    "protected": "eyJhbGciOiJSU0EtT0FFUCIsImtpZCI6InNhbXdpc2UuZ2FtZ2VlQGhvYmJpdG9uLmV4YW1wbGUiLCJlbmMiOiJBMjU2R0NNIn0",
    "ciphertext": "o4k2cnGN8rSSw3IDo1YuySkqeS_t2m1GXklSgqBdpACm6UJuJowOHC5ytjqYgRL-I-soPlwqMUf4UgRWWeaOGNw6vGW-xyM01lTYxrXfVzIIaR"
    "dhYtEMRBvBWbEwP7ua1DRfvaOjgZv6Ifa3brcAM64d8p5lhhNcizPersuhw5f-pGYzseva-TUaL8iWnctc-sSwy7SQmRkfhDjwbz0fz6kFovEg"
    "j64X1I5s7E6GLp5fnbYGLa1QUiML7Cc2GxgvI7zqWo0YIEc7aCflLG1-8BboVWFdZKLK9vNoycrYHumwzKluLWEbSVmaPpOslY2n525DxDfWaV"
    "FUfKQxMF56vn4B9QMpWAbnypNimbM8zVOw",
    "tag": "UCGiqJxhBI3IFVdPalHHvA",
    "plaintext": "You can trust us to stick with you through thick and thin–to the bitter end. And you can trust us to keep any secret of "
    "yours–closer than you keep it yourself. But you cannot trust us to let you face trouble alone, and go off without a word. We are your "
    "friends, Frodo.",
}

# RFC 3394, 4.6: 256 bits of key data with a 256-bit key
WRAP = {
    "kek": "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
    "data": "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
    "wrapped": "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21",
}
