using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>A target's credential as the field it is sent in.</summary>
internal static class CredentialField
{
    /// <exception cref="IOException">It cannot stand in a field: it has a line break or another control character in it.</exception>
    public static (byte[] Name, byte[] Value) Of(HttpTarget target, TargetCredential credential)
    {
        string value = target.Credential switch
        {
            HttpCredentialKind.Bearer => $"Bearer {credential.Password.Trim()}",
            HttpCredentialKind.Basic => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}"))}",
            _ => credential.Password.Trim(),
        };
        if (value.Any(char.IsControl))
            throw new IOException($"the credential of target {target.Info.Name} has a control character in it");
        string name = target.Credential == HttpCredentialKind.Header ? target.CredentialHeader : "authorization";
        return (Encoding.ASCII.GetBytes(name), Encoding.UTF8.GetBytes(value));
    }
}
