using Sallyport.Recording;

namespace Sallyport.Replay.Commands;

/// <summary>Files and folders of the command line, as files.</summary>
internal static class RecordingFiles
{
    /// <summary>The recordings meant, those of a folder by name, which is by time. What is not there is said on <paramref name="error"/>.</summary>
    /// <returns>False when something was not there.</returns>
    public static bool TryFind(IEnumerable<string> paths, TextWriter error, out List<string> files)
    {
        files = [];
        bool found = true;
        foreach (string path in paths)
        {
            if (File.Exists(path))
            {
                files.Add(path);
            }
            else if (Directory.Exists(path))
            {
                files.AddRange(Directory.EnumerateFiles(path, "*" + Recorder.Extension).Order(StringComparer.Ordinal));
            }
            else
            {
                error.WriteLine($"{Terminal.SafeText.Line(path)}: no such file or folder.");
                found = false;
            }
        }

        return found;
    }

    /// <summary>Does something with each file; one that cannot be read is said on <paramref name="error"/> and makes <see cref="ExitCode.Usage"/>.</summary>
    public static int ForEach(IEnumerable<string> files, TextWriter error, Func<string, int> action)
    {
        int code = ExitCode.Good;
        foreach (string file in files)
        {
            try
            {
                code = ExitCode.Worse(code, action(file));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                error.WriteLine($"{Terminal.SafeText.Line(file)}: {Terminal.SafeText.Line(e.Message)}");
                code = ExitCode.Worse(code, ExitCode.Usage);
            }
        }

        return code;
    }
}
