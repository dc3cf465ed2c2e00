# Sites of mirror:// URLs. The second base of "sample" lacks its last slash, as
# some of nixpkgs' do: then the site's name ends where the file's begins.
{
  hashedMirrors = [ "http://second.granary.test/hashed" ];
  sample = [
    "http://sample.granary.test/mirror/"
    "http://second.granary.test/mirror/"
  ];
  slashless = [
    "http://second.granary.test/slashless-"
  ];
}
