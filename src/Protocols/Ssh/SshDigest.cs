using System.Security.Cryptography;
using Sallyport.Contract;
using Sallyport.Protocols.Wire;

namespace Sallyport.Protocols.Ssh;

/// <summary>
/// SHA-256 over what decides what an action does: its kind, verb and whole text, the account it runs as, and the variables that were set on its channel.
/// An exec starts from nothing else (RFC 4254 6.5: each channel is a session of its own).
/// </summary>
internal static class SshDigest
{
    private const byte Version = 1;

    public static byte[] Of(in ActionView action, SessionFacts facts, ReadOnlySpan<byte> environment)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Version, (byte)action.Kind, (byte)action.Verb]);
        hash.AppendPart(System.Text.Encoding.UTF8.GetBytes(facts.Target));
        hash.AppendPart(System.Text.Encoding.UTF8.GetBytes(facts.Resource));
        hash.AppendPart(action.Text);
        hash.AppendPart(action.Names);
        hash.AppendPart(environment);
        return hash.GetHashAndReset();
    }
}
