using System.Security.Cryptography;
using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>The <c>password</c> method (RFC 4252 8): a token, or an issued password with its name.</summary>
internal static class SshPasswordLogin
{
    /// <summary>Longest password, bytes: tokens are long.</summary>
    private const int MaxPassword = 16 << 10;

    /// <summary>An empty password proves nothing and nobody is asked about it; a change of password is refused.</summary>
    public static async ValueTask<SshFactor?> RunAsync(SshAuthRequest request, SshServerAuthParts parts, CancellationToken cancel)
    {
        string? password = Take(request);
        if (string.IsNullOrEmpty(password))
            return SshFactor.Failed(SshMethod.Password, "password-malformed");
        LoginResult result = await parts.Login.LoginPasswordAsync(new LoginProof(password, request.User, parts.Transport.Duplex.Remote), cancel).ConfigureAwait(false);
        return new SshFactor(SshMethod.Password, result, "password:" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(password))));
    }

    /// <summary>Takes the password out of the message and leaves none there; null: malformed, or a change.</summary>
    private static string? Take(SshAuthRequest request)
    {
        var reader = new SshReader(request.Fields);
        bool change = reader.ReadByte() != 0;
        string password = reader.ReadText(MaxPassword);
        bool good = reader.AtEnd && !change;
        CryptographicOperations.ZeroMemory(request.Fields);
        return good ? password : null;
    }
}
