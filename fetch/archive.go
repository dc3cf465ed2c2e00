package fetch

// An Archive keeps the bytes of others for good, and is asked when nobody else has
// them.
type Archive string
