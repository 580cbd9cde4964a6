using System.Text;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>SSH_MSG_USERAUTH_FAILURE of a target (RFC 4252 5.1): what could still be tried, and whether the last try was good as far as it went.</summary>
internal sealed record SshAuthFailure(string Methods, bool Partial)
{
    private const int MaxMethods = 1024;

    /// <summary>Null: it is not one.</summary>
    public static SshAuthFailure? Parse(ReadOnlySpan<byte> message)
    {
        if (message[0] != SshMessageNumber.UserauthFailure)
            return null;
        var reader = new SshReader(message[1..]);
        ReadOnlySpan<byte> methods = reader.ReadString();
        bool partial = reader.ReadByte() != 0;
        if (!reader.AtEnd || methods.Length > MaxMethods || methods.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
            return null;
        return new SshAuthFailure(Encoding.ASCII.GetString(methods), partial);
    }

    public bool Allows(string method) => Methods.Split(',').Contains(method, StringComparer.Ordinal);
}
