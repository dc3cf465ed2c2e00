# Sources whose output is not the file that a URL gives.
final: prev:
let
  inherit (final)
    fetchFromForge
    fetchgit
    fetchpatch
    fetchurl
    fetchurlBoot
    fetchurlStructured
    fetchzip
    fetchzipLater
    stdenv
    ;
  site = "http://sample.granary.test";
  revision = "35aa6d6b4df53977ac1d87aed5f5f81b84f30e40";
  from = name: src: stdenv.mkDerivation { inherit name src; };

  # unpacked EXTENSION HASH: an archive in the format that its name tells.
  unpacked =
    extension: hash:
    from "unpack-${builtins.replaceStrings [ "." ] [ "-" ] extension}" (fetchzipLater {
      name = "tree-${extension}";
      url = "${site}/tree-${builtins.replaceStrings [ "tar." ] [ "" ] extension}.${extension}";
      inherit hash;
    });
in
{
  executable = from "executable" (fetchurl {
    url = "${site}/greet";
    executable = true;
    sha256 = "1a2p84vp0sfcw0nv8hrxr5r9p44am5hn60h3ind8rzdybl5q0v9f";
  });

  unpackOld = from "unpack-old" (fetchzip {
    url = "${site}/tree-old-gz.tar.gz";
    sha256 = "08p9yr84dn1jyy05fgrhljgck5089p1v25nkcp2kmajn32djamm8";
  });
  unpackGz = unpacked "tar.gz" "sha256-yj1jUBC4JBnnTVKRpzrnY75rrTD7BNYONuh+8mq39Gk=";
  unpackXz = unpacked "tar.xz" "sha256-S+1kuKOQ6AFUc6bYggk0+RyieYJnDeSPxh2Bhi1rI18=";
  unpackBz2 = unpacked "tar.bz2" "sha256-S2zsKlQZDEXFDbSgQ8sIqe05MGqvSNcXyXGeThcAy5M=";
  unpackZst = unpacked "tar.zst" "sha256-hK05+SC2h3VDHvL0JAoW39zzRT5s+o7k2ktxyc2wrq8=";
  unpackZip = unpacked "zip" "sha256-eWZXF1tnA3JjFYCulE7Kwvmf7ltJB8gFQdZp0ASuasw=";
  unpackTar = unpacked "tar" "sha256-djJW8U4rwpIbmM93vJMkALZhFSD2ptQZpOzQU6VTBTc=";
  # The name says gzip; the bytes are xz.
  unpackMisnamed = from "unpack-misnamed" (fetchzipLater {
    url = "${site}/tree-misnamed.tar.gz";
    hash = "sha256-uT2opay35l8LxZHsYFn/TuQXrfL8Y4bU6/gIYM0DAMw=";
  });
  unpackTwoTops = from "unpack-two-tops" (fetchzipLater {
    url = "${site}/two-tops.tar.gz";
    stripRoot = false;
    hash = "sha256-RLqj6g34irCv+DpnoNQqwBQn6PHD265SrmEuB2sEa+Y=";
  });
  unpackTwoTopsOld = from "unpack-two-tops-old" (fetchzip {
    name = "two-tops";
    url = "${site}/two-tops.tar.gz";
    stripRoot = false;
    sha256 = "1rkb0imhfbk1mr9axny3y7l2f5605baa0rrsz2pv12pq1pma7fj4";
  });
  # A file that is alone in its archive goes into a directory.
  unpackLoneFile = from "unpack-lone-file" (fetchzipLater {
    name = "lone";
    url = "${site}/lone.tar.gz";
    extension = "tar.gz";
    hash = "sha256-mKcWunQ5lvgfPk51unWlIoHZjPcxISDDo4YuPMJtg2k=";
  });
  # More than the known lines in postFetch: only the builder gives the bytes.
  unpackAndMore = from "unpack-and-more" (fetchzip {
    name = "tree-patched";
    url = "${site}/tree-patched.tar.gz";
    extraPostFetch = "rm $out/README";
    sha256 = "014xbjmad0h9ld1w5zj56aicgna7drawmd3dv7slqbfbbki6wx8g";
  });
  unpackLoginPage = from "unpack-login-page" (fetchzipLater {
    name = "login-page";
    url = "${site}/login-zip-1.0.tar.gz";
    hash = "sha256-OSvpUj6zDtl3bMvvmP6k7p1DMW/3X92Ddlod5BoYFVY=";
  });
  forge = from "forge" (fetchFromForge {
    owner = "people";
    repo = "checkout";
    rev = revision;
    hash = "sha256-yRh7zRB0nc0JuX1ceGBNpVmFJQUd+WOIsstWLEFVKaI=";
  });

  forgeWithSubmodules = from "forge-with-submodules" (fetchFromForge {
    owner = "people";
    repo = "checkout";
    rev = revision;
    fetchSubmodules = true;
    # What fetchgit and the archive give is the same, and so would be the
    # source: the name of this one differs.
    name = "checkout-with-submodules";
    hash = "sha256-yRh7zRB0nc0JuX1ceGBNpVmFJQUd+WOIsstWLEFVKaI=";
  });
  gitCheckout = from "git-checkout" (fetchgit {
    name = "checkout-${builtins.substring 0 7 revision}";
    url = "${site}/people/checkout.git";
    rev = revision;
    sha256 = "18i9am0jqmnbna467y8x0ljqand59mh7hp3xp44wv7bl236pn669";
  });
  gitGone = from "git-gone" (fetchgit {
    name = "gone.git";
    url = "${site}/people/gone.git";
    rev = "refs/heads/main";
    leaveDotGit = true;
    sha256 = "1cmhmsr8y35mbzkjrvkmi3dflakfkisy3v734qqwcfgvflypnhi6";
  });

  patched = stdenv.mkDerivation {
    name = "patched";
    inherit (final.hello) src;
    patches = [
      (fetchpatch {
        name = "fix.patch";
        url = "${site}/fix.patch";
        sha256 = "1rjrca23611jlm3fv4m67jk1p4cak06kj60il1k0zc96xszmdv0c";
      })
    ];
  };

  bootUnpack = from "boot-unpack" (fetchurlBoot {
    name = "nar-tree";
    url = "${site}/bootstrap/tree.nar.xz";
    unpack = true;
    hash = "sha256-1dUX8YdDj6c19VtxvQu/soI51RBFhDUwJQ/sVKO8C7c=";
  });

  # Dependencies bundled by a builder of their own: no URL, and a source that
  # only this builder needs.
  bundled =
    let
      src = fetchurl {
        url = "${site}/vendored-1.0.tar.gz";
        sha256 = "0r9p239094hp8ngll2cka91vm5hchsa0953ka0f0lc5h8idz98rc";
      };
    in
    stdenv.mkDerivation {
      name = "bundled";
      srcs = [
        final.hello.src
        (stdenv.mkDerivation {
          name = "vendored-1.0-bundle";
          inherit src;
          builder = ./bundle.sh;
          outputHashMode = "recursive";
          outputHash = "sha256-KHsMvMLJ4UXuuqWiWF4wfsGDdXz9D94Xseang7oDiLI=";
        })
      ];
    };
}
