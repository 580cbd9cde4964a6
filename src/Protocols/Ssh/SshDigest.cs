using System.Buffers.Binary;
using System.Security.Cryptography;
using Sallyport.Contract;

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
        Append(hash, System.Text.Encoding.UTF8.GetBytes(facts.Target));
        Append(hash, System.Text.Encoding.UTF8.GetBytes(facts.Resource));
        Append(hash, action.Text);
        Append(hash, action.Names);
        Append(hash, environment);
        return hash.GetHashAndReset();
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
