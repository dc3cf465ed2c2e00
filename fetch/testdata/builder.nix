# Sources that only their builders give.
let
  derive =
    name: script: attrs:
    derivation (
      {
        inherit name;
        system = builtins.currentSystem;
        builder = "/bin/sh";
        args = [ "-e" (builtins.toFile "${name}.sh" script) ];
        PATH = "/usr/bin:/bin";
      }
      // attrs
    );
  fixed = hash: {
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
    outputHash = builtins.hashString "sha256" hash;
  };
  greeting = builtins.toFile "greeting" "hello\n";
  # A dependency that is no source, and has to be built first.
  tool = derive "tool" "echo 'cat \"$@\"' > $out" { };
  broken = derive "broken" "echo broken indeed; exit 4" { };
in
{
  flat = derive "flat" "echo building flat; echo flat > $out" (fixed "flat\n");
  # It runs the tool on a text to which its script refers.
  tree =
    derive "tree"
      ''
        mkdir $out
        sh $tool ${greeting} > $out/greeting
        ln -s greeting $out/link
        echo 'exit 0' > $out/run
        chmod +x $out/run
      ''
      {
        inherit tool;
        outputHashMode = "recursive";
        outputHash = "sha256-+0fJuN0KYGvt7QkrQstJm8qfMVdJ6iGICwYpFd+O7Zc=";
        outputHashAlgo = null;
      };
  structured =
    derive "structured" ". \"$NIX_ATTRS_SH_FILE\"; echo \"\${list[1]}\" > \"\${outputs[out]}\""
      (
        fixed "b\n"
        // {
          builder = "/bin/bash";
          __structuredAttrs = true;
          list = [ "a" "b" ];
        }
      );
  fails = derive "fails" "for i in $(seq 1 20); do echo line $i; done; exit 3" (fixed "fails");
  wrong = derive "wrong" "echo to the left; echo left > $out" (fixed "right\n");
  needsFailing = derive "needsFailing" "cat $broken > $out" (fixed "needs" // { inherit broken; });
  byHand = derive "byHand" "exit 1" (fixed "by hand");
  forever = derive "forever" "echo waiting; exec sleep 7654321" (fixed "forever");
}
