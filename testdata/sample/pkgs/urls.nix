# Sources whose URLs make trouble, and what a harvest makes of them.
final: prev:
let
  inherit (final) fetchurl fetchurlStructured requireFile stdenv;
  first = "http://sample.granary.test";
  second = "http://second.granary.test";
  from = name: src: stdenv.mkDerivation { inherit name src; };
in
{
  mirrored = from "mirrored-1.0" (fetchurl {
    url = "mirror://sample/mirrored-1.0.tar.gz";
    sha256 = "1g2h0j784hpkhd0fqw8qn944iw1ymqkhdfqgikjrjnq23y3ng7gb";
  });
  # Only the second site of the mirror list has it.
  behindSecondMirror = from "behind-1.0" (fetchurl {
    url = "mirror://sample/behind-1.0.tar.gz";
    sha256 = "1gam01zrsdnh04hj0nayc9fhwqnh0fafk55dwq7ih6lz9v30j62j";
  });
  # The site's base has no slash at its end: nixpkgs' builder asks for
  # slashlessslashless-1.0.tar.gz, which was never meant.
  slashlessMirror = from "slashless-1.0" (fetchurl {
    url = "mirror://slashless/slashless-1.0.tar.gz";
    sha256 = "1kzngcaf1hfblywc6njkn7rypm4sd41i7clrgp3kpim4nv3nrhh2";
  });
  unknownMirror = from "unknown-mirror-1.0" (fetchurl {
    url = "mirror://nowhere/unknown-mirror-1.0.tar.gz";
    sha256 = "1s9bgj35r3mzbqn4n18w1qjjrkb9vk7y1jz59ml04iggyaksl6kd";
  });

  # The first URL is gone, the second is not.
  secondURL = from "second-url-1.0" (fetchurl {
    urls = [
      "${first}/gone/second-url-1.0.tar.gz"
      "${second}/second-url-1.0.tar.gz"
    ];
    sha256 = "0v81mhkpsxfjbkxg41zxhhaqvs6a7nxy4mp189ykfh9gwdxmy4md";
  });
  # Two URLs in one string, as a few real packages have them.
  inOneString = from "in-one-string-1.0" (fetchurl {
    name = "in-one-string-1.0.tar.gz";
    url = "${first}/gone/in-one-string-1.0.tar.gz ${second}/in-one-string-1.0.tar.gz";
    sha256 = "0xps5i2xwyqn0kc3zlfas6znnss75xfrxrxkczs2kmcp907pniqv";
  });
  # The first URL answers with other bytes and status 200.
  wrongFirst = from "wrong-first-1.0" (fetchurl {
    urls = [
      "${first}/wrong-first-1.0.tar.gz"
      "${second}/wrong-first-1.0.tar.gz"
    ];
    sha256 = "07lb4gzr35qdcckg6qzs5hfbqkvi46q2l3i4f3m3xbjmw9yxaxz2";
  });
  # The URL redirects.
  redirected = from "moved-1.0" (fetchurl {
    url = "${first}/redirect/moved-1.0.tar.gz";
    sha256 = "08bvccap53qzckccwqvbb6h3kp720clgscqqvb1jzqwhbrpl3h60";
  });
  oddURL = from "odd-url-1.0" (fetchurl {
    name = "odd-url-1.0.tar.gz";
    url = "${first}//odd%20name+~1.0.tar.gz?download=1&from=${second}/";
    sha256 = "0if4sl12gfkqfgh65qjwaswkgc7ghjs4sxbkmrkkryy8v4h476x3";
  });

  gone = from "gone-1.0" (fetchurl {
    url = "${first}/gone-1.0.tar.gz";
    sha256 = "0d3s6zhimazr9g5465wbcfijqkfc1rh45rdyx42ck5qyx2bg5yab";
  });
  wrongHash = from "wrong-1.0" (fetchurl {
    url = "${first}/wrong-1.0.tar.gz";
    sha256 = "07vr7pfzwh6g142p8qlig9xakhl7rn35pxbq32zmyrvpvnamd2ww";
  });
  # A page that asks for a password, with status 200.
  loginPage = from "login-1.0" (fetchurl {
    url = "${first}/login-1.0.tar.gz";
    sha256 = "07gzfl47w4h22q222in67zf1pgvyd7rgs804rcjh8j55w7v6m2vz";
  });
  handMade = from "hand-made-1.0" (requireFile {
    name = "bought.zip";
    url = "http://second.granary.test/shop";
    sha256 = "14gvh5j3jykaw44r0v8xcbwkwm9j0h8cjabnkvirr4mnylb9ciq1";
  });

  withCurlOptions = from "with-curl-options-1.0" (fetchurl {
    url = "${first}/netrc-1.0.tar.gz";
    sha256 = "1g57ha22zj4849gm622lr4sd30704pv2rcmvxxvd6ighr033kzhp";
    curlOpts = "--user-agent sample";
    netrcPhase = ''
      echo "machine sample.granary.test login someone password nothing" > netrc
    '';
    netrcImpureEnvVars = [ "SAMPLE_PASSWORD" ];
  });

  structuredFetch = from "structured-1.0" (fetchurlStructured {
    urls = [ "${first}/structured-1.0.tar.gz" ];
    hash = "sha256-jP6pzbjVAC/inI7IevUkRcFT31xRcx6Rt4yM7Qc1s+4=";
    curlOptsList = [ "--user-agent" "a sample" ];
  });
  # The list of mirrors is in another file and form than fetchurl's.
  structuredMirror = from "structured-mirror-1.0" (fetchurlStructured {
    name = "structured-mirror-1.0.tar.gz";
    url = "mirror://sample/behind-1.0.tar.gz";
    hash = "sha256-UhgJxk6fGhgP5q2U6ZQD0GIOXWJeWSAhAdA2nX8AVb0=";
  });
}
