# One package for each way to write a hash, and sources that coincide.
final: prev:
let
  inherit (final) fetchurl stdenv;
  site = "http://sample.granary.test";
  from = name: src: stdenv.mkDerivation { inherit name src; };
in
{
  sha1Hash = from "figlet-2.2" (fetchurl {
    url = "${site}/figlet-2.2.tar.gz";
    sha1 = "nzbx89n7m37nwqjfmqsn08h68fr0c2a3";
  });
  sha512Hash = from "cowsay-3.0" (fetchurl {
    url = "${site}/cowsay-3.0.tar.bz2";
    sha512 = "203zib6ndv8i3bm1rif0bgrrb04ihkqd9a1f42wmx4vycsya7zh8id5ijpqbqn2345djyc6pbx7jx40i4xx60lziac1zx5yarrjn6s6";
  });
  base16Hash = from "base16-1.0" (fetchurl {
    url = "${site}/base16-1.0.tar.gz";
    sha256 = "800ebf46f104e7dadb67c251420b4e355720e9d8e57777891de1d70c78dec5d8";
  });
  sriHash = from "sri-1.0" (fetchurl {
    url = "${site}/sri-1.0.tar.gz";
    hash = "sha256-TprlcJOb5EO7vjnEbQFCDnlEXkQfNskHm7iTdO1Kwq4=";
  });
  sri512Hash = from "sri512-1.0" (fetchurl {
    url = "${site}/sri512-1.0.tar.gz";
    hash = "sha512-CVc2gE2xIZy1mTY3TxzOEUKPlVus8WxbOdepyJsG3g0RSsGYn5c/VSYbQRxTprBUR6BeUwhh37Y6AwdWnaQnZg==";
  });

  # Two packages with one source: name and hash are the same, the URL is not.
  sameSource1 = from "same-source-1" (fetchurl {
    url = "${site}/shared-1.0.tar.gz";
    sha256 = "17g4r2ddyb0lndrsx5m6l9saaq0axapz1x7hz5bxrh6vlmcs28mn";
  });
  sameSource2 = from "same-source-2" (fetchurl {
    url = "http://second.granary.test/elsewhere/shared-1.0.tar.gz";
    hash = "sha256-tiKhWaXbwNxX+fD08K/qCmCldKKmlq5zsxQs35rI5J0=";
  });
  # The same bytes under another name: another source, the same object.
  otherName = from "other-name" (fetchurl {
    name = "other-name.tar.gz";
    url = "${site}/shared-1.0.tar.gz";
    sha256 = "17g4r2ddyb0lndrsx5m6l9saaq0axapz1x7hz5bxrh6vlmcs28mn";
  });
  # The same bytes once more, promised by another algorithm.
  otherAlgorithm = from "other-algorithm" (fetchurl {
    url = "${site}/shared-1.0.tar.gz";
    sha512 = "1d0kfw94rlb801gybmibjrbhrixn1kvqzmwlj08w6zzji2nskaag3s4wbxw426f1prgqbsf9viyvz3v6a28jbx46an94c7h65n95pkj";
  });
}
