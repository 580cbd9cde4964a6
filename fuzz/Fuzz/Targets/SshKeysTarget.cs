using System.Text;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Fuzz.Targets;

/// <summary>Keys, certificates, revocation lists, and the files of keys that people write.</summary>
internal sealed class SshKeysTarget : ITarget
{
    public string Name => "SshKeys";

    public long MaxAllocation(int inputLength) => (1 << 20) + 256L * inputLength;

    public void Run(ReadOnlySpan<byte> input)
    {
        if (SshPublicKey.TryParse(input, out SshPublicKey? key))
        {
            // One key has one form, and so one fingerprint.
            OracleException.Require(SshPublicKey.TryParseLine(key.ToString(), out SshPublicKey? again, out _) && again.Equals(key), "a key that is not itself again");
            _ = KeyRevocationList.Empty.IsRevoked(key);
        }

        if (SshCertificate.TryParse(input, out SshCertificate? certificate))
            _ = KeyRevocationList.Empty.IsRevoked(certificate);
        _ = KeyRevocationList.TryParse(input, out _);
        string text = Encoding.Latin1.GetString(input);
        _ = KnownHosts.Parse(text).For("box.example", 22);
        _ = AuthorizedKey.ParseFile(text, out _);
    }
}
