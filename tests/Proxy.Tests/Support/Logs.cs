using System.Text;
using Sallyport.Proxy.Logging;

namespace Sallyport.Proxy.Tests.Support;

/// <summary>A log into memory.</summary>
internal sealed class Logs : IDisposable
{
    private readonly MemoryStream _stream = new();

    public Logs()
    {
        Log = new Log(_stream, LogFormat.Text, journal: true, TimeProvider.System);
    }

    public Log Log { get; }

    /// <summary>Closes the log and returns what is in it.</summary>
    public string Text()
    {
        Log.Dispose();
        return Encoding.UTF8.GetString(_stream.ToArray());
    }

    public void Dispose() => Log.Dispose();
}
