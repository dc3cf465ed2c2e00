# Says why a package may not be used, by its meta and the configuration.
{ lib, config, system }:
let
  allowed =
    option: variable: config.${option} or false || builtins.getEnv variable == "1";

  licensesOf = meta: if lib.isList (meta.license or [ ]) then meta.license or [ ] else [ meta.license ];
  isUnfree = meta: builtins.any (license: !(license.free or true)) (licensesOf meta);

  problems = name: meta: {
    unfree = isUnfree meta;
    broken = meta.broken or false;
    unsupported = meta ? platforms && !(builtins.elem system meta.platforms);
    insecure = meta.knownVulnerabilities or [ ] != [ ];
  };

  permitted = name: {
    unfree = allowed "allowUnfree" "NIXPKGS_ALLOW_UNFREE";
    broken = allowed "allowBroken" "NIXPKGS_ALLOW_BROKEN";
    unsupported = allowed "allowUnsupportedSystem" "NIXPKGS_ALLOW_UNSUPPORTED_SYSTEM";
    insecure =
      allowed "allowInsecure" "NIXPKGS_ALLOW_INSECURE"
      || builtins.elem name (config.permittedInsecurePackages or [ ])
      || (config.allowInsecurePredicate or (_: false)) { inherit name; };
  };

  words = {
    unfree = "has an unfree license";
    broken = "is marked as broken";
    unsupported = "is not supported on ${system}";
    insecure = "is marked as insecure";
  };
in
name: meta:
let
  found = problems name meta;
  refused = builtins.filter (problem: found.${problem} && !(permitted name).${problem}) (
    builtins.attrNames found
  );
  reasons = lib.concatStringsSep ", " (map (problem: words.${problem}) refused);
in
{
  valid = refused == [ ] || throw "Package ‘${name}’ ${reasons}, refusing to evaluate.";
  meta = { inherit name; available = refused == [ ]; } // meta // found;
}
