using System.Security.Cryptography;
using Sallyport.Policy.Yaml;

namespace Sallyport.Proxy.Configuration;

/// <summary>Turns the ways a file can be wrong into diagnostics, and goes on.</summary>
internal sealed class FileErrors(DiagnosticBag bag)
{
    public bool Any { get; private set; }

    public T? Try<T>(ConfigPath file, Func<T> load)
        where T : class
    {
        try
        {
            return load();
        }
        catch (Exception wrong) when (wrong is FileNotFoundException or DirectoryNotFoundException)
        {
            Report(file, $"The file {file.Path} does not exist.");
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException or CryptographicException or FormatException)
        {
            Report(file, $"{file.Path}: {wrong.Message}");
        }

        return null;
    }

    public void Report(ConfigPath file, string message)
    {
        Any = true;
        bag.Error(file.Mark, message);
    }

    public void Warn(ConfigPath file, string message) => bag.Warning(file.Mark, message);
}
