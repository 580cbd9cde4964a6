using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Proxy.Configuration;

namespace Sallyport.Proxy.Ssh;

/// <summary>Host keys that are named in settings themselves.</summary>
internal static class HostKeyText
{
    private const string FingerprintPrefix = "SHA256:";

    /// <summary>SHA-256 in base64 without padding.</summary>
    private const int FingerprintLength = 7 + 43;

    /// <summary>What is known, with what the settings name: keys and authorities whole, other pins by fingerprint.</summary>
    public static (KnownHost Known, IReadOnlyList<string> Fingerprints) With(KnownHost known, string host, SshTargetHostKeysConfig settings) =>
        (known.With(new KnownHost(host, Keys(settings.Pinned), Keys(settings.AuthorityKeys), KeyRevocationList.Empty)), [.. settings.Pinned.Where(IsFingerprint)]);

    /// <summary>True for <c>SHA256:…</c> as ssh-keygen shows it.</summary>
    public static bool IsFingerprint(string text) =>
        text.Length == FingerprintLength && text.StartsWith(FingerprintPrefix, StringComparison.Ordinal)
        && text[FingerprintPrefix.Length..].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/');

    /// <summary>True for a public key as it stands in a <c>.pub</c> file.</summary>
    public static bool IsKey(string text) => SshPublicKey.TryParseLine(text, out _, out _);

    private static List<SshPublicKey> Keys(IEnumerable<string> lines)
    {
        var keys = new List<SshPublicKey>();
        foreach (string line in lines)
        {
            if (SshPublicKey.TryParseLine(line, out SshPublicKey? key, out _))
                keys.Add(key);
        }

        return keys;
    }
}
