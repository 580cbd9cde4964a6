using System.Text;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>Messages of RFC 4252 and 4256 as they are sent.</summary>
internal static class SshAuthMessages
{
    public const string Service = "ssh-userauth";
    public const string Connection = "ssh-connection";

    /// <summary>A method's name on the wire (RFC 4252 7, 8; RFC 4256 3.1).</summary>
    public static string NameOf(SshMethod method) => method switch
    {
        SshMethod.PublicKey => "publickey",
        SshMethod.Password => "password",
        _ => "keyboard-interactive",
    };

    /// <summary>Always of this shape, whatever was wrong, and whoever it was.</summary>
    public static byte[] Failure(IEnumerable<SshMethod> next, bool partial) =>
        new SshWriter().Byte(SshMessageNumber.UserauthFailure).NameList(next.Select(NameOf)).Boolean(partial).ToArray();

    public static byte[] Accept() => new SshWriter().Byte(SshMessageNumber.ServiceAccept).String(Service).ToArray();

    public static byte[] KeyOk(string algorithm, ReadOnlySpan<byte> blob) =>
        new SshWriter().Byte(SshMessageNumber.UserauthPkOk).String(algorithm).String(blob).ToArray();

    /// <summary>Text for the person, by lines (RFC 4252 5.4).</summary>
    public static byte[] Banner(string text) =>
        new SshWriter().Byte(SshMessageNumber.UserauthBanner).String(Clean(text).ReplaceLineEndings("\r\n") + "\r\n").String("").ToArray();

    /// <summary>SSH_MSG_USERAUTH_INFO_REQUEST (RFC 4256 3.2) with one question at most.</summary>
    public static byte[] Info(string instruction, string? question)
    {
        SshWriter writer = new SshWriter().Byte(SshMessageNumber.UserauthInfoRequest).String("").String(Clean(instruction)).String("");
        return question is null ? writer.UInt32(0).ToArray() : writer.UInt32(1).String(Clean(question)).Boolean(true).ToArray();
    }

    /// <summary>RFC 4252 5.4, RFC 4256 3.2: what is shown on a terminal must not steer it.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
            clean.Append(char.IsControl(c) && c is not ('\n' or '\r') ? '?' : c);
        return clean.ToString();
    }
}
