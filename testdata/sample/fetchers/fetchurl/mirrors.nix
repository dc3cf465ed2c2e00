# Sites of mirror:// URLs. The base of "slashless" lacks its last slash, as some
# of nixpkgs' do.
{
  hashedMirrors = [ "http://second.granary.test/hashed" ];
  sample = [
    "http://sample.granary.test/mirror/"
    "http://second.granary.test/mirror/"
  ];
  slashless = [
    "http://second.granary.test/slashless"
  ];
}
