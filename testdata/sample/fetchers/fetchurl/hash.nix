# The one hash among a fetcher's arguments, as a derivation wants it.
{ hash, outputHash, outputHashAlgo, sha1, sha256, sha512 }:
let
  legacy = algorithm: value: { outputHashAlgo = algorithm; outputHash = value; };
in
if hash != "" then
  # An SRI string names its own algorithm.
  legacy null hash
else if outputHash != "" && outputHashAlgo != "" then
  legacy outputHashAlgo outputHash
else if sha512 != "" then
  legacy "sha512" sha512
else if sha256 != "" then
  legacy "sha256" sha256
else if sha1 != "" then
  legacy "sha1" sha1
else
  throw "fetchurl requires a hash for fixed-output derivation"
