using Sallyport.Replay;

return ReplayCli.Run(args, Console.Out, Console.Error);
