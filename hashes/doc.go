// Package hashes holds the values that name bytes in Nix: hashes in their
// several spellings (SRI, nixbase32, base16, base64), content addresses, and
// store paths.
//
// The rules are those of Nix: src/libutil/hash.cc for spellings,
// src/libstore/content-address.cc for content addresses and
// src/libstore/store-dir-config.cc (older: store-api.cc) for store paths.
//
// All types are small comparable values. A zero Hash means "no hash".
package hashes
