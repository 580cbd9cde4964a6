using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>
/// The head of SSH_MSG_USERAUTH_REQUEST (RFC 4252 5).
/// <code>
///   byte 50, string user name (UTF-8), string service name, string method name, fields of the method
/// </code>
/// </summary>
/// <param name="Message">The whole message: what a key signs is made of it.</param>
/// <param name="FieldsAt">Where the method's fields begin.</param>
internal readonly record struct SshAuthRequest(string User, string Service, string Method, Memory<byte> Message, int FieldsAt)
{
    /// <summary>Longest user name, bytes.</summary>
    private const int MaxUser = 512;
    private const int MaxName = 64;

    public Span<byte> Fields => Message.Span[FieldsAt..];

    /// <summary>False: malformed, or a user name that could not be shown in a log.</summary>
    public static bool TryParse(Memory<byte> message, out SshAuthRequest request)
    {
        var reader = new SshReader(message.Span[1..]);
        string user = reader.ReadText(MaxUser), service = reader.ReadText(MaxName), method = reader.ReadText(MaxName);
        request = new SshAuthRequest(user, service, method, message, message.Length - reader.Left);
        return !reader.Failed && !user.Any(char.IsControl);
    }
}
