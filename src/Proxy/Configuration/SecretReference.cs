using System.Collections.Immutable;
using System.Text;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Where a secret comes from. The secret itself is never in the configuration and never kept.</summary>
internal enum SecretSource
{
    File,
    Env,
    Credential,
    Command,
}

/// <summary>A secret by reference; read afresh each time, so that rotating it needs no reload.</summary>
/// <param name="Source">The kind of place.</param>
/// <param name="Name">An absolute path, a variable's name, or a credential's name under <c>$CREDENTIALS_DIRECTORY</c> (systemd.exec(5)), or a program's path.</param>
/// <param name="Mark">Where it was named.</param>
internal sealed record SecretReference(SecretSource Source, string Name, YamlMark Mark)
{
    /// <summary>Longest secret, bytes.</summary>
    private const int Longest = 64 * 1024;

    private const string CredentialsDirectory = "CREDENTIALS_DIRECTORY";

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Of a program.</summary>
    public ImmutableArray<string> Arguments { get; init; } = [];

    /// <summary>Reads the secret; a program runs on the thread pool, since it takes its time.</summary>
    /// <inheritdoc cref="Read"/>
    public ValueTask<string> ReadAsync(CancellationToken cancel) =>
        Source == SecretSource.Command ? new ValueTask<string>(Task.Run(Read, cancel)) : ValueTask.FromResult(Read());

    /// <summary>Reads the secret. One line break at its end is not part of it: editors and <c>echo</c> put it there.</summary>
    /// <exception cref="IOException">It cannot be read, is empty, or is no text. The message names the source, never the content.</exception>
    public string Read()
    {
        string secret = Source switch
        {
            SecretSource.Env => Environment.GetEnvironmentVariable(Name) ?? throw new IOException($"the environment variable {Name} is not set"),
            SecretSource.Credential => ReadFile(CredentialPath()),
            SecretSource.Command => Text(SecretCommand.Run(Name, Arguments, Longest)),
            _ => ReadFile(Name),
        };
        secret = secret.EndsWith('\n') ? secret[..^1] : secret;
        secret = secret.EndsWith('\r') ? secret[..^1] : secret;
        if (secret.Length == 0)
            throw new IOException($"{this} is empty");
        return secret.Contains('\0', StringComparison.Ordinal) ? throw new IOException($"{this} holds a zero byte") : secret;
    }

    /// <summary>The place, not the secret.</summary>
    public override string ToString() => Source switch
    {
        SecretSource.Env => $"environment variable {Name}",
        SecretSource.Credential => $"credential {Name}",
        SecretSource.Command => $"command {Name}",
        _ => $"file {Name}",
    };

    private string CredentialPath()
    {
        string? directory = Environment.GetEnvironmentVariable(CredentialsDirectory);
        return string.IsNullOrEmpty(directory)
            ? throw new IOException($"credential {Name}: ${CredentialsDirectory} is not set; systemd sets it where the unit says LoadCredential=")
            : Path.Combine(directory, Name);
    }

    private string ReadFile(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] content = new byte[Longest + 1];
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= Longest ? Text(content.AsSpan(0, length)) : throw new IOException($"{this} is larger than {Longest} bytes");
        }
        catch (UnauthorizedAccessException)
        {
            throw new IOException($"{this} may not be read by this user");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{this} does not exist");
        }
    }

    private string Text(ReadOnlySpan<byte> content)
    {
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            throw new IOException($"{this} is not UTF-8 text");
        }
    }
}
