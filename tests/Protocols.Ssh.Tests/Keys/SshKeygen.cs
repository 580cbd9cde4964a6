using System.Diagnostics;

namespace Sallyport.Protocols.Ssh.Tests.Keys;

/// <summary>The real ssh-keygen in a folder of its own.</summary>
public sealed class SshKeygen : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("sallyport-keys-").FullName;

    /// <summary>A key pair; gives the path of the private key, the public one is beside it.</summary>
    public string Key(string name, string type, int? bits = null, string passphrase = "", params string[] more)
    {
        string path = At(name);
        if (!File.Exists(path))
            Run(["-q", "-t", type, .. bits is { } b ? new[] { "-b", b.ToString(System.Globalization.CultureInfo.InvariantCulture) } : [], "-N", passphrase, "-C", "comment of " + name, .. more, "-f", path]);
        return path;
    }

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>The wire form in a file of one public key or certificate.</summary>
    public static byte[] Blob(string path) => Convert.FromBase64String(File.ReadAllText(path).Split(' ')[1]);

    /// <summary>Runs it; a failure fails the test.</summary>
    public string Run(params string[] arguments)
    {
        (int code, string output) = Try(arguments);
        return code == 0 ? output : throw new InvalidOperationException($"ssh-keygen {string.Join(' ', arguments)}: {output}");
    }

    public (int Code, string Output) Try(params string[] arguments)
    {
        var start = new ProcessStartInfo("ssh-keygen", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = Folder };
        start.Environment["TZ"] = "UTC";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
